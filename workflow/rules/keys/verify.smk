"""What the configuration expects in results/, and what is there."""

from base64 import urlsafe_b64encode

from snakemake.io import is_flagged
from snakemake.persistence.file import FilePersistence

EXPECTED = Path(".snakemake", "difficulty", "expected.json")
RECORDS = Path("results", "checksums")
MANIFEST = "manifest.parquet"
NOT_TABLES = {"benchmarks", "checksums", "figures", "logs"}


def tables_on_disk():
    """Parquet files below results/, manifests of checkpoints among them, but not what a killed job had half written."""
    for folder, subfolders, files in os.walk("results"):
        other = NOT_TABLES if folder == "results" else set()
        if os.path.dirname(folder) == os.path.join("results", "datasets"):
            other = {"images"}
        subfolders[:] = sorted(set(subfolders) - other)
        yield from (os.path.join(folder, name) for name in sorted(files) if re.fullmatch(r"[^.].*\.parquet", name))


def artifact(path):
    """What Snakemake knows a file as: checkpoints and factors are folders."""
    in_folder = path.endswith((MANIFEST, ".safetensors"))
    return os.path.dirname(path) if in_folder else path


def other_records_of_snakemake():
    """Whether Snakemake keeps its records in another way than in files."""
    return Path(".snakemake", "metadata.db").exists()


def refuse_unrecorded_tables():
    """Ends with one line if there are tables of which Snakemake has no record, as it would take them for up to date."""
    records = Path(".snakemake")
    known = {name for kind in ("metadata", "incomplete") for _, _, names in os.walk(records / kind) for name in names}
    tables = list(tables_on_disk())
    names = {path: urlsafe_b64encode(artifact(path).encode()).decode() for path in tables}
    unrecorded = [path for path, name in names.items() if name not in known and len(name) < 255]
    if unrecorded:
        print(
            f"results/: nothing in .snakemake/ says how {len(unrecorded)} of {len(tables)} tables were made, e.g. "
            f"{unrecorded[0]}; bring along the .snakemake folder from where they were made, or delete them to make them "
            "again",
            file=sys.stderr,
        )
        sys.exit(1)


def recorded_sizes():
    """Path -> the sizes in bytes that finished jobs have recorded of it; a record that cannot be read says nothing.

    There are several where one job has made a file after another one, such as factors of influence after they were
    divided into shards.
    """
    sizes = {}
    for folder, _, names in os.walk(RECORDS):
        for name in names:
            try:
                with open(os.path.join(folder, name)) as file:
                    outputs = json.load(file)["outputs"]
                for path, facts in outputs.items():
                    sizes.setdefault(path, set()).add(facts["bytes"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return sizes


def size_of(path):
    """In bytes; None if there is no such file."""
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def mark_changed_files():
    """Has Snakemake make again what has not the size that was recorded: it would take it for up to date.

    What is missing, Snakemake sees itself, but not in a folder that is there.
    """
    wrong = [
        (path, size_of(path), max(sizes)) for path, sizes in recorded_sizes().items() if size_of(path) not in sizes
    ]
    wrong = [each for each in wrong if each[1] is not None or os.path.isdir(artifact(each[0]))]
    for path, found, size in wrong:
        now = "is missing" if found is None else f"has {found:,} bytes"
        then = (
            "delete it to make it again" if other_records_of_snakemake() else "it is made again if it is still wanted"
        )
        print(f"{path}: {now}, expected the {size:,} that were written; {then}", file=sys.stderr)
    if wrong and not other_records_of_snakemake():
        persistence = FilePersistence(nolock=True)
        for path, _, _ in wrong:
            persistence._mark_incomplete(artifact(path), None)


def planned_outputs(targets):
    """Output -> parameters, of every job that the targets need; a folder with a manifest counts as its manifest."""
    expected, seen, wanted = {}, set(), [str(target) for target in targets]
    while wanted:
        path = wanted.pop()
        maker = None if path in seen else next((rule for rule in workflow.rules if rule.is_producer(path)), None)
        if maker is None:  # of the user, or seen before
            continue
        wildcards = maker.get_wildcards(path)
        named = SimpleNamespace(**wildcards)
        params = {key: value(named) if callable(value) else value for key, value in maker.params.items()}
        for output in maker.expand_output(wildcards)[0]:
            seen.add(str(output))
            if not is_flagged(output, "temp"):
                lists = is_flagged(output, "directory") and os.path.basename(output) != "images"
                expected[os.path.join(output, MANIFEST) if lists else str(output)] = params
        wanted += map(str, maker.expand_input(wildcards)[0])
    return expected


def expected_results():
    """Path -> the settings, code and upstream that it would be made with now; None for a table that nothing makes."""
    names = ("data", "runs", "scores", "figures")
    targets = [path for name in names for path in workflow.get_rule(name).expand_input({})[0]]
    return {**dict.fromkeys(tables_on_disk()), **planned_outputs(targets)}


if "verify" in sys.argv:  # the targets are not yet known to Snakemake when this is read
    EXPECTED.parent.mkdir(parents=True, exist_ok=True)
    EXPECTED.write_text(json.dumps(expected_results()))
elif workflow.is_main_process:
    if not other_records_of_snakemake():
        refuse_unrecorded_tables()
    mark_changed_files()
