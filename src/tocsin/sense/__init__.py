"""Listens to the world: network inputs and files, as bytes for whoever stamps and decodes them."""

from tocsin.sense.address import Address, parse_address
from tocsin.sense.files import read_input
from tocsin.sense.listen import listen

__all__ = ["Address", "listen", "parse_address", "read_input"]
