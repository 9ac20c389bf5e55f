"""Files and bundles <-> types, strict: what is read is exact, what is malformed is named, all of it at once."""

from qf.codec.bundle import Bundle, read_bundle, result_digest, write_bundle
from qf.codec.donations import read_donations
from qf.codec.input_files import read_inputs
from qf.codec.round_file import read_round

__all__ = ["Bundle", "read_bundle", "read_donations", "read_inputs", "read_round", "result_digest", "write_bundle"]
