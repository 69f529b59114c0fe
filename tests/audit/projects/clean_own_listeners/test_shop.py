import shop


def test_first(own):
    assert own.get(shop.User, 100)


def test_second(own):
    assert own.get(shop.User, 100)


def test_third(own):
    assert own.get(shop.User, 100)
