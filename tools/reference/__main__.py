"""python -m tools.reference: write the generated pages."""

import django

if __name__ == "__main__":
    django.setup()
    from tools.reference import pages

    pages.write()
