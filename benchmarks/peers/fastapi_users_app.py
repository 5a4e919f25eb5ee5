"""fastapi-users on SQLite, as its page on SQLAlchemy and JWT sets it up, with the Argon2 parameters of ours."""

import contextlib
import os
import uuid

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "a secret of the benchmarks, 32 bytes and more"
EMAIL, PASSWORD = "somebody@example.com", "SecurePassword123!"
engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCH_DATABASE']}")
sessions = async_sessionmaker(engine, expire_on_commit=False)
helper = PasswordHelper(PasswordHash((Argon2Hasher(time_cost=1, memory_cost=47104, parallelism=1),)))


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


async def database():
    async with sessions() as session:
        yield SQLAlchemyUserDatabase(session, User)


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = verification_token_secret = SECRET


async def manager(users=Depends(database)):
    yield Manager(users, helper)


backend = AuthenticationBackend(
    name="jwt",
    transport=BearerTransport(tokenUrl="login"),
    get_strategy=lambda: JWTStrategy(secret=SECRET, lifetime_seconds=3600),
)
known = FastAPIUsers[User, uuid.UUID](manager, [backend])


@contextlib.asynccontextmanager
async def lifespan(_):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        users = Manager(SQLAlchemyUserDatabase(session, User), helper)
        with contextlib.suppress(Exception):  # another process has made it
            await users.create(schemas.BaseUserCreate(email=EMAIL, password=PASSWORD))
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(known.get_auth_router(backend))
app.include_router(known.get_users_router(schemas.BaseUser[uuid.UUID], schemas.BaseUserUpdate))


@app.get("/healthz")
def ready():
    return {"status": "ok"}
