"""Checks settings of analyses against the data, before hours of training. No network is built."""

from collections.abc import Iterator, Mapping, Sequence

from difficulty.checks.prepared_data import PreparedData
from difficulty.suggestions import suggestion


def influence_faults(settings: Mapping, data: PreparedData, trained: int) -> Iterator[str]:
    """A line for each query set that names what is not there, and for more shards than training examples.

    settings: queries (name -> example_ids, classes) and shards. trained: examples that a run is trained on.
    """
    place, test = "analyses.influence", data.split("test")
    if settings["shards"] > trained:
        yield f"{place}.shards: {settings['shards']:,} of {trained:,} training examples; set at most {trained:,}"
    for name, queries in settings["queries"].items():
        own = f"{place}.queries.{name}"
        if test.empty and queries.keys() & {"example_ids", "classes"}:
            yield f"{own}: {data.name!r} has no test example; name its experiments, or leave this query set out"
            continue
        train_ids, test_ids = set(data.split("train")["example_id"]), set(test["example_id"])
        for index, example in enumerate(queries.get("example_ids", [])):
            if example in train_ids:
                text = f"{example} is a training example of {data.name!r}"
                yield f"{own}.example_ids[{index}]: {text}; name test examples"
            elif example not in test_ids:
                table = f"results/datasets/{data.name}/examples.parquet"
                yield f"{own}.example_ids[{index}]: no example {example} in {data.name!r}; see {table}"
        known = sorted(set(test["class_name"]))
        for index, label in enumerate(queries.get("classes", [])):
            if label not in known:
                text = f"no test example of class {label!r} in {data.name!r}"
                yield f"{own}.classes[{index}]: {text}; {suggestion(label, known)}"


def vog_faults(settings: Mapping, data: PreparedData) -> Iterator[str]:
    """settings: target, splits and shards."""
    target, classes = settings["target"], len(data.class_names)
    if isinstance(target, int) and target >= classes:
        yield f"analyses.vog.target: no class {target} in {data.name!r}; choose one of 0..{classes - 1}"
    yield from split_faults("analyses.vog", settings, data)


def split_faults(place: str, settings: Mapping, data: PreparedData) -> Iterator[str]:
    """A line if the wanted splits have fewer examples than there are shards. settings: splits and shards."""
    count, splits = data.count(settings["splits"]), " or ".join(settings["splits"])
    if not count:
        yield f"{place}.splits: {data.name!r} has no {splits} example; add another split"
    elif settings["shards"] > count:
        yield f"{place}.shards: {settings['shards']:,} of {count:,} {splits} examples of {data.name!r}; set fewer"


def further_faults(
    place: str, wanted: Sequence[Mapping], prepared: Mapping[str, PreparedData], own: PreparedData
) -> Iterator[str]:
    """A line for each data set that the networks of an experiment cannot be tested on.

    wanted: name, table (the data set whose tables stand for it: itself, or what it is in the end a subset of, where it
    is not made before something is trained) and draws_test (whether its test split is drawn from its training
    examples), in the order of the setting at `place`. prepared: table -> data. own: what the networks are trained on.
    """
    for each in wanted:
        data, name = prepared[each["table"]], each["name"]
        if data.shape != own.shape:
            text = f"images of {name!r} have {data.size()}, those of {own.name!r} {own.size()}"
            yield f"{place}: {text}; set the data set's size and color, or take it out"
        if not (each["draws_test"] or data.count(["test"])):
            yield f"{place}: data set {name!r} has no test split; give it one, or take it out"


def class_faults(
    place: str, wanted: Sequence[Mapping], prepared: Mapping[str, PreparedData], own: PreparedData
) -> Iterator[str]:
    """A line for each data set with a class that the experiment's networks do not know. Arguments as before.

    Nothing is said of a data set whose examples are not known before something is trained.
    """
    for each in wanted:
        data = prepared[each["table"]]
        unknown = [name for name in data.present_classes if name not in own.class_names]
        if each["name"] == each["table"] and unknown:
            more = f" and {len(unknown) - 1} others" if len(unknown) > 1 else ""
            text = f"{data.name!r} has the class {unknown[0]!r}{more}, which {own.name!r} does not have"
            hint = suggestion(unknown[0], own.class_names)
            yield f"{place}: {text} ({hint}); rename it or take the data set out"
