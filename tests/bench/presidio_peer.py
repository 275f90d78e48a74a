"""presidio's recognisers on columns that come in as JSON; in an environment of its own (deploy/peers-presidio.lock).

No model of a language can be had without GitHub, so the recognisers work on the text alone, as presidio is at its
fastest: none finds names or addresses then, and none knows a Chinese number but the telephone's.

In: {column: [cell, …]}. Out: {"found": {column: {entity: cells}}, "milliseconds"}.
"""

import json
import sys
from time import perf_counter

import tldextract
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
)


def main() -> None:
    columns = json.load(sys.stdin)
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())  # its own list, no network
    recognisers = [
        CreditCardRecognizer(), EmailRecognizer(), IpRecognizer(), MacAddressRecognizer(),
        PhoneRecognizer(supported_regions=("CN",)),
    ]  # fmt: skip
    began = perf_counter()
    found = {
        name: {
            one.supported_entities[0]: sum(bool(one.analyze(cell, one.supported_entities, None)) for cell in cells)
            for one in recognisers
        }
        for name, cells in columns.items()
    }
    json.dump({"found": found, "milliseconds": 1000 * (perf_counter() - began)}, sys.stdout)


if __name__ == "__main__":
    main()
