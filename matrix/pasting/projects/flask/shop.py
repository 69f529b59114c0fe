"""The project's application."""
import os

from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
app = Flask("shop")
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] = False
db.init_app(app)


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40), nullable=False, unique=True)


@app.route("/items")
def list_items():
    return jsonify(sorted(item.name for item in db.session.query(Item)))


@app.route("/items/<name>", methods=["POST"])
def add_item(name):
    db.session.add(Item(name=name))
    db.session.commit()
    return name


@app.route("/given-up/<name>", methods=["POST"])
def give_up(name):
    db.session.add(Item(name=name))
    db.session.flush()
    db.session.rollback()
    return name
