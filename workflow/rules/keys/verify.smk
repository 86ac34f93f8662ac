"""What is on disk, and what the current configuration would have made it with."""

from base64 import urlsafe_b64encode

EXPECTED = Path(".snakemake", "difficulty", "expected.json")
NOT_TABLES = {"benchmarks", "figures", "logs"}


def tables_on_disk():
    """Parquet files below results/, manifests of checkpoints among them, but not what a killed job had half written."""
    for folder, subfolders, files in os.walk("results"):
        other = NOT_TABLES if folder == "results" else set()
        if os.path.dirname(folder) == os.path.join("results", "datasets"):
            other = {"images"}
        subfolders[:] = sorted(set(subfolders) - other)
        yield from (os.path.join(folder, name) for name in sorted(files) if re.fullmatch(r"[^.].*\.parquet", name))


def artifact(path):
    """What Snakemake knows a table as: checkpoints are a folder."""
    return os.path.dirname(path) if path.endswith("manifest.parquet") else path


def refuse_unrecorded_tables():
    records = Path(".snakemake")
    if (records / "metadata.db").exists():  # another way for Snakemake to keep its records
        return
    known = {name for kind in ("metadata", "incomplete") for _, _, names in os.walk(records / kind) for name in names}
    for path in tables_on_disk():
        name = urlsafe_b64encode(artifact(path).encode()).decode()
        if name not in known and len(name) < 255:
            print(
                f"{path}: nothing in .snakemake/ tells how it was made; bring along the .snakemake folder from where "
                "it was made, or delete it to make it anew",
                file=sys.stderr,
            )
            sys.exit(1)


def output_pattern(output):
    """A regular expression for an output, whose wildcards become groups."""
    parts = re.split(r"\{(\w+)(?:,([^{}]*))?\}", str(output))
    literals = map(re.escape, parts[::3])
    groups = [f"(?P<{name}>{own or CONSTRAINTS[name]})" for name, own in zip(parts[1::3], parts[2::3])]
    return "".join(text for pair in zip(literals, [*groups, ""]) for text in pair)


def expected_provenance():
    """Table -> the settings, code and upstream that it would be made with now; None if nothing would make it."""
    stages = [(output_pattern(output), stage.params) for stage in workflow.rules for output in stage.output]
    expected = {}
    for path in tables_on_disk():
        expected[path] = None
        for pattern, params in stages:
            if match := re.fullmatch(pattern, artifact(path)):
                wildcards = SimpleNamespace(**match.groupdict())
                try:
                    expected[path] = {k: v(wildcards) if callable(v) else v for k, v in params.items()}
                except KeyError:  # of an experiment or a data set that is not in the configuration any more
                    break
    return expected


if "verify" in sys.argv:  # the targets are not yet known to Snakemake when this is read
    EXPECTED.parent.mkdir(parents=True, exist_ok=True)
    EXPECTED.write_text(json.dumps(expected_provenance()))
elif workflow.is_main_process:
    refuse_unrecorded_tables()
