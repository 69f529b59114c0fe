"""A small shop."""

import os

from sqlalchemy import Column, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(30))


class Note(Base):
    __tablename__ = "notes"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id", ondelete="CASCADE"))
    text = Column(String(30))


engine = create_engine(os.environ["DATABASE_URL"])


def create_all():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(User(id=100, name="seed"))
        session.commit()
