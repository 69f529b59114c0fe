pytest_plugins = ["shop_fixtures"]
