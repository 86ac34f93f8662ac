"""What studies of generalization depend on: the evaluations of all their runs, and the scores of the parts."""

from difficulty.config.training.chosen_seeds import choosing_seeds

studies = configuration.generalization
studies_with_traits = [study for study, settings in studies.items() if "scores_of" in settings]


def refuse_folders_without_test_split():
    """Of other sources the configuration has asked; this one tells by its folders."""
    for study, settings in studies.items():
        original = datasets[settings["original"]]
        folders = [os.path.join(original.get("path", ""), name) for name in ("test", "val")]
        if original["source"] == "image_folder" and not any(map(os.path.isdir, folders)):
            print(
                f"analyses.generalization.{study}: data set {settings['original']!r}, which its parts are of, has no "
                f"test split; add {folders[0]}",
                file=sys.stderr,
            )
            sys.exit(1)


refuse_folders_without_test_split()


def study_runs(study, name):
    """A table of every run of a study's experiments."""
    return [path for experiment in studies[study]["experiments"] for path in experiment_files(experiment, name)]


def study_examples(study):
    """The examples of all data sets that a study's networks are trained or tested on."""
    names = dict.fromkeys([*studies[study]["datasets"], *studies[study]["tests"]])
    return [f"results/datasets/{dataset}/examples.parquet" for dataset in names]


def generalization_settings(study):
    chosen = {dataset: choosing_seeds(dataset, datasets) for dataset in studies[study]["datasets"]}
    keys = ["experiments", "datasets", "original", "tests", "control", "chosen_under"]
    return settings_json({**studies[study], "chosen_under": chosen}, keys)


def generalization_upstream(study):
    """What is trained and tested on is in the chain of each evaluation."""
    names = studies[study]["experiments"]
    return hash_chain([[experiment, runs(experiment), evaluation_key(experiment)] for experiment in names])


def generalization_key(study):
    settings, code = generalization_settings(study), source_digest("collect_generalization")
    return hash_chain(generalization_upstream(study), settings, code)


def traits_settings(study):
    """Statistics of images are columns of the scores which say nothing of what is harder."""
    scored = studies[study]["scores_of"]
    has_statistics = scored in configuration.image_experiments
    statistics = [*analyses["images"]["statistics"], *joins_of(scored)] if has_statistics else []
    chosen = {key: studies[study][key] for key in ("experiments", "datasets", "chosen_by")}
    return settings_json({**chosen, "statistics": statistics})


def traits_upstream(study):
    names = [studies[study]["original"], *studies[study]["datasets"]]
    return hash_chain(scores_key(studies[study]["scores_of"]), [dataset_key(dataset) for dataset in names])


def traits_key(study):
    return hash_chain(traits_upstream(study), traits_settings(study), source_digest("compute_traits"))


family_tables += [f"results/generalization/{study}{table}.parquet" for study in studies for table in ("", "-summary")]
family_tables += [f"results/generalization/{study}-traits.parquet" for study in studies_with_traits]
family_figures += [
    f"results/figures/generalization/{study}/{figure}.{format}"
    for study in studies
    for figure in ("accuracy", *(["traits"] if study in studies_with_traits else []))
    for format in ("png", "pdf")
]
