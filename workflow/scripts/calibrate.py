"""Measures what this machine takes to start stages, for tables, and for passes of networks.

Reads from standard input, as JSON, what is known of the machine, and the networks that are to be measured; writes the
new calibration to standard output. It takes a second or two for each network.
"""

import json
import sys
from dataclasses import replace

from difficulty.costs.calibration import measured_machine, measured_network
from difficulty.costs.speeds import from_json, to_json
from difficulty.costs.work import Network


def main():
    question = json.load(sys.stdin)
    speeds = from_json(question["known"])
    if not speeds.is_measured:
        speeds = replace(measured_machine(), networks=speeds.networks, corrections=speeds.corrections)
    networks = dict(speeds.networks)
    for settings in question["networks"]:
        network = Network(**{**settings, "shape": tuple(settings["shape"])})
        if facts := measured_network(network):
            networks[network.key] = facts
    json.dump(to_json(replace(speeds, networks=networks)), sys.stdout)


if __name__ == "__main__":
    main()
