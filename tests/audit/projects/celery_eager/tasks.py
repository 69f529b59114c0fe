import shop
from celery import Celery
from sqlalchemy.orm import Session

app = Celery("shop")
app.conf.update(task_always_eager=True, task_eager_propagates=True)


@app.task
def welcome(name):
    with Session(shop.engine) as session:
        session.add(shop.User(name=name))
        session.commit()
