"""The README's picture can be made from what the repository holds, and shows the finder's answer."""

import struct

from reports.page.model import Site
from reports.places import Places
from reports.readme.picture import STACK
from tests.browser.picture import read_preview, take_picture


def test_picture_is_made_of_the_baseline(browser, tmp_path):
    preview = read_preview(Places())
    assert any(word["word"].startswith("isolates") for word in Site(preview).words[STACK].values())
    picture = take_picture(browser, preview, tmp_path)
    width, height = struct.unpack(">II", picture[16:24])
    assert (900 < width <= 1080, 400 < height <= 820) == (True, True)
    assert len(picture) > 20_000
