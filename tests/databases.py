"""Databases on the PostgreSQL server of the tests."""

import secrets
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def database(server, template=None):
    """Make a database, empty or as another is; give its URL and drop it at the end."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"shanshui_{secrets.token_hex(6)}"
    like = f' TEMPLATE "{make_url(template).database}"' if template else ""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        admin.execute(text(f'CREATE DATABASE "{name}"{like}'))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as admin:
            admin.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()
