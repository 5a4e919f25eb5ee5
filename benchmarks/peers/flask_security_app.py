"""Flask-Security-Too on SQLite, as its page on SQLAlchemy sets it up, with the Argon2 parameters of ours."""

import contextlib
import os

from flask import Flask, jsonify
from flask_security import Security, SQLAlchemySessionUserDatastore, auth_token_required, current_user, hash_password
from flask_security.models import sqla
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

EMAIL, PASSWORD = "somebody@example.com", "SecurePassword123!"
engine = create_engine(f"sqlite:///{os.environ['BENCH_DATABASE']}")
session = scoped_session(sessionmaker(bind=engine))


class Base(DeclarativeBase):
    pass


sqla.FsModels.set_db_info(base_model=Base)


class Role(Base, sqla.FsRoleMixin):
    __tablename__ = "role"


class User(Base, sqla.FsUserMixin):
    __tablename__ = "user"


app = Flask(__name__)
app.config.update(
    SECRET_KEY="a secret of the benchmarks, 32 bytes and more",
    SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
    SECURITY_PASSWORD_HASH="argon2",
    SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
        "argon2__time_cost": 1,
        "argon2__memory_cost": 47104,
        "argon2__parallelism": 1,
    },
    SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
    WTF_CSRF_ENABLED=False,
)
app.security = Security(app, SQLAlchemySessionUserDatastore(session, User, Role))
with app.app_context(), contextlib.suppress(IntegrityError):
    Base.metadata.create_all(engine)
    if not app.security.datastore.find_user(email=EMAIL):
        app.security.datastore.create_user(email=EMAIL, password=hash_password(PASSWORD))
        session.commit()
engine.dispose()  # each process opens connections of its own


@app.teardown_appcontext
def forget(_):
    session.remove()


@app.get("/healthz")
def ready():
    return jsonify(status="ok")


@app.get("/me")
@auth_token_required
def me():
    return jsonify(email=current_user.email, id=current_user.id)
