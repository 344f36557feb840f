"""What holds a secret: the kept list of names, and of beginnings that values of a known kind have.

The kinds are those that detect-secrets (its keyword detector) and gitleaks (its rules) look for, that Django's error
reports hide, and that Azure sets. A kind is added here, with its example in tests/test_secret_names.py.
"""

import re

# Wherever they stand in a name.
PARTS = (
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "TOKEN",
    "CREDENTIAL",
    "BEARER",
    r"CONN(?:ECTION)?_?STR(?:ING)?",
    "OTLP_HEADERS",
    # With this one a process of the app gets a token of its identity.
    "IDENTITY_HEADER",
    # Whoever has it can say that a dead app lives.
    "HEARTBEAT_URL",
    "CONTRASEÑA",
    "CONTRASENA",
)
# Only as words of their own: KEYBOARD, COMPASS, PATH and DISASTER hold them too.
WORDS = ("KEY", "PASS", "PAT", "SAS", "JWT", "DSN", "CREDS", "PEM", "PFX", "P12", "WEBHOOK", "COOKIE", "SALT")
# Only at a name's end: AUTH_URL and SSH_AUTH_SOCK are something else, and PWD is the current folder.
LAST_WORDS = ("_AUTH", "_PWD", "_SIGNATURE", "_SEED")
# Written together with what stands before them: APIKEY, SSHPASS.
BEFORE_KEY = (
    "API",
    "ACCESS",
    "ACCOUNT",
    "APP",
    "AUTH",
    "CLIENT",
    "CONSUMER",
    "CRYPT",
    "DATABASE",
    "DB",
    "DEPLOY",
    "ENCRYPTION",
    "FUNCTION",
    "HMAC",
    "HOST",
    "LICENSE",
    "MASTER",
    "PRIV",
    "PRIVATE",
    "RSA",
    "SERVICE",
    "SESSION",
    "SHARED",
    "SIGNING",
    "SSH",
    "STORAGE",
    "SUBSCRIPTION",
)
BEFORE_PASS = (
    "ADMIN",
    "CERT",
    "DATABASE",
    "DB",
    "EMAIL",
    "FTP",
    "HTTP",
    "KEY",
    "LDAP",
    "MAIL",
    "MYSQL",
    "PG",
    "PROXY",
    "REDIS",
    "ROOT",
    "SMTP",
    "SSH",
    "STORE",
    "SUDO",
    "USER",
)
# What says something about a secret, and isn't one: TOKEN_TTL, SSH_KEY_PATH.
ABOUT = ("AGE", "ALGORITHM", "DIR", "ENABLED", "EXPIRY", "FILE", "LENGTH", "PATH", "TIMEOUT", "TTL")

_SENSITIVE = re.compile(
    "|".join(
        (
            *PARTS,
            rf"(?:^|_)(?:{'|'.join(WORDS)})S?\d*(?:$|_)",
            rf"(?:{'|'.join(LAST_WORDS)})\d*$",
            rf"(?:{'|'.join(BEFORE_KEY)})KEYS?\d*(?:$|_)",
            rf"(?:{'|'.join(BEFORE_PASS)})PASS\d*(?:$|_)",
        )
    ),
    re.IGNORECASE,
)
_ABOUT = re.compile(rf"_(?:{'|'.join(ABOUT)})$", re.IGNORECASE)
# An option that does or counts something about secrets, and has none for its value: --rotate-keys, --max-tokens.
DOES = ("CLEAR", "HIDE", "IGNORE", "LIST", "MAX", "MIN", "NO", "PRUNE", "RESET", "REVOKE", "ROTATE", "SHOW", "SKIP")
# Further words that say something about a secret, in the options of commands: --token-name.
ABOUT_OPTION = ("COUNT", "DAYS", "FIELD", "FORMAT", "HOURS", "ID", "LIMIT", "NAME", "PREFIX", "SIZE", "TYPE")
# What else is called a key.
OTHER_KEYS = ("CACHE", "FOREIGN", "GROUP", "NATURAL", "OBJECT", "PARTITION", "PRIMARY", "PUBLIC", "SORT")
_NO_SECRET_OPTION = re.compile(
    rf"^(?:{'|'.join(DOES)})_|_(?:{'|'.join(ABOUT_OPTION)})$|(?:^|_)(?:{'|'.join(OTHER_KEYS)})_KEYS?$", re.IGNORECASE
)
# argparse takes the beginning of a long option for the whole: --passw, --tok. Shorter ones begin other words too.
ABBREVIATED = {"CREDENTIAL": 4, "PASSPHRASE": 5, "PASSWORD": 5, "SECRET": 4, "TOKEN": 3}
_ABBREVIATED = re.compile(
    "|".join(rf"(?:^|_){word[:length]}$" for word, least in ABBREVIATED.items() for length in range(least, len(word))),
    re.IGNORECASE,
)
# Tokens of GitHub, GitLab, Slack, Stripe, AWS, Google and PyPI, JSON Web Tokens, and private keys.
_KNOWN = re.compile(
    r"gh[oprsu]_\w{30}|github_pat_\w{30}|glpat-[\w-]{20}|xox[abeprs]-[\w-]{10}|[rs]k_(?:live|test)_\w{16}|"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|pypi-[\w-]{50}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
)
# Values that stand in output for themselves. Whoever has one of them as a password has none.
_COMMON = frozenset(
    {
        "changeme",
        "default",
        "development",
        "disabled",
        "enabled",
        "localhost",
        "optional",
        "password",
        "production",
        "required",
        "secret",
        "staging",
        "testing",
        "undefined",
        "username",
    }
)


def is_sensitive(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return _SENSITIVE.search(name) is not None and _ABOUT.search(name) is None


def is_secret_option(option: str) -> bool:
    """Whether an option of this name takes a secret: `--api-key`, and `--passw` for `--password`."""
    name = option.lstrip("-").replace("-", "_")
    if len(option) - len(name) > 2 or not name or _NO_SECRET_OPTION.search(name):
        return False
    return is_sensitive(name) or _ABBREVIATED.search(name) is not None


def takes_several(option: str) -> bool:
    """Whether a secret option's name says that it takes several values: `--tokens`."""
    return option.lower().endswith("s") and not option.lower().endswith("pass")


def is_known_kind(value: str) -> bool:
    """Whether a value is a secret by its looks, whatever its variable is called."""
    return _KNOWN.match(value) is not None


def is_common(value: str) -> bool:
    """Whether output would be unreadable with this value masked."""
    return value.strip().lower() in _COMMON
