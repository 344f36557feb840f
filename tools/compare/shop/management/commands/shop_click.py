import click
import djclick


@djclick.command()
@click.argument("code", type=int)
@click.option("--refuse", is_flag=True)
@click.pass_context
def command(context, code, refuse):
    """A command of django-click: it has a `run_from_argv` of its own."""
    click.echo("hello")
    if refuse:
        raise click.ClickException("no such account")
    context.exit(code)
