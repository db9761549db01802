"""DCGAN's encoder and decoder: shapes, and that images in evaluation are read one by one."""

import pytest
import torch

from speechdis.errors import InputError
from speechdis.nn.dcgan import ImageDecoder, ImageEncoder, channels_of, grid_of


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("before", [(2,), (2, 3)])
def test_shapes_there_and_back(channels: int, before: tuple[int, ...]) -> None:
    pixels = channels * 64 * 64
    encoder, decoder = ImageEncoder(pixels, 4, 7), ImageDecoder(7, 4, pixels)
    code = encoder(torch.rand(*before, pixels))
    assert code.shape == (*before, 7)
    assert decoder(code).shape == (*before, pixels)


def test_an_image_alone_is_as_among_others() -> None:
    x = torch.rand(3, 4096, generator=torch.Generator().manual_seed(0))
    encoder, decoder = ImageEncoder(4096, 4, 7).eval(), ImageDecoder(7, 4, 4096).eval()
    code = encoder(x)
    torch.testing.assert_close(encoder(x[1:2]), code[1:2])
    torch.testing.assert_close(decoder(code[1:2]), decoder(code)[1:2])


def test_pixels_of_an_image_stay_where_they_are() -> None:
    rows = torch.arange(3 * 4096.0)[None]
    assert torch.equal(grid_of(rows)[0, 2, 1], rows[0, 2 * 4096 + 64 : 2 * 4096 + 128])


@pytest.mark.parametrize("pixels", [80, 0, 4097])
def test_other_frames_are_refused(pixels: int) -> None:
    with pytest.raises(InputError, match="no images of 64 x 64"):
        channels_of(pixels)
