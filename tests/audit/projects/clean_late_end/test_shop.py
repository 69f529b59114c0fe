from sqlalchemy import text


def test_reads(reader):
    assert reader.execute(text("SELECT count(*) FROM users")).scalar() == 1


def test_reads_again(reader):
    assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0
