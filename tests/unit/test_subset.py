"""Subsets are what their settings say, never overlap, and say what is missing."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

import link_subset
import prepare_dataset
from difficulty.datasets.images import ImageFiles, open_images
from difficulty.datasets.loading import load_normalization
from difficulty.errors import UserError
from difficulty.scores.dynamics.scoring import DYNAMICS
from difficulty.subsets.choosing import choose
from difficulty.subsets.evidence import evidence_of, learned, mean_hardness
from difficulty.training.record_files import write_records

TRAIN, TEST = 90, 30
SIDES = ("learned", "not_learned")


@pytest.fixture
def examples():
    label = np.arange(TRAIN + TEST) % 3
    return pd.DataFrame(
        {
            "example_id": np.arange(TRAIN + TEST) + 7,
            "split": np.repeat(["train", "test"], [TRAIN, TEST]),
            "label": label,
            "class_name": np.array(["ant", "bee", "cat"])[label],
            "duplicate_of": pd.array([None] * (TRAIN + TEST), "Int64"),
        }
    )


@pytest.fixture
def hardness(examples):
    train = examples["example_id"][:TRAIN]
    return pd.Series(np.arange(TRAIN, dtype=float), index=train, name="hardness")


def settings(by, per_class=False, seed=0, **values):
    sizes = {name: values.pop(name) for name in ("train", "test") if name in values}
    return {"select": {"by": by, **values}, "per_class": per_class, "seed": seed, **sizes}


def ids(chosen, split="train"):
    return set(chosen["example_id"][chosen["split"] == split])


def test_easiest_and_hardest_are_the_ends_of_the_score(examples, hardness):
    easy = choose(examples, settings("score", keep="easiest", fraction=0.3), hardness)
    hard = choose(examples, settings("score", keep="hardest", fraction=0.3), hardness)
    assert ids(easy) == set(range(7, 7 + 27))
    assert ids(hard) == set(range(7 + TRAIN - 27, 7 + TRAIN))
    assert ids(easy, "test") == ids(hard, "test") == set(examples["example_id"][TRAIN:])


def test_halves_share_no_example_even_where_all_scores_tie(examples, hardness):
    tied = hardness * 0
    halves = [ids(choose(examples, settings("score", keep=k, fraction=0.5), tied)) for k in ("easiest", "hardest")]
    assert halves[0] | halves[1] == set(tied.index) and not halves[0] & halves[1]
    assert halves[0] != set(range(7, 7 + TRAIN // 2))  # ties fall by chance, not by order


def test_examples_without_a_score_are_in_no_half(examples, hardness):
    chosen = ids(choose(examples, settings("score", keep="easiest", fraction=1.0), hardness[10:]))
    assert chosen == set(hardness.index[10:])


def test_per_class_keeps_the_same_share_of_every_class(examples, hardness):
    chosen = choose(examples, settings("score", keep="hardest", fraction=0.2, per_class=True), hardness)
    assert chosen[chosen["split"] == "train"]["label"].value_counts().to_dict() == {0: 6, 1: 6, 2: 6}


def test_sizes_are_drawn_without_overlap_and_repeatably(examples):
    wanted = settings("random", fraction=1.0, train=40, test=20)
    chosen, again = choose(examples, wanted), choose(examples, wanted)
    assert chosen.equals(again)
    assert len(ids(chosen)) == 40 and len(ids(chosen, "test")) == 20 and not ids(chosen) & ids(chosen, "test")
    assert max(ids(chosen, "test")) < 7 + TRAIN  # test examples, too, are of the training split
    assert ids(choose(examples, {**wanted, "seed": 1})) != ids(chosen)
    even = choose(examples, {**wanted, "per_class": True})
    assert even.groupby("split")["label"].value_counts().tolist() == [7, 7, 6, 14, 13, 13]


def contents(chosen, split):
    return set(chosen["duplicate_of"].fillna(chosen["example_id"])[chosen["split"] == split])


@pytest.fixture
def doubled(examples):
    """Every third training image is the one before it once more, under another label."""
    ids = examples["example_id"]
    is_copy = (np.arange(len(examples)) % 3 == 1) & (examples["split"] == "train")
    return examples.assign(duplicate_of=ids.shift().where(is_copy).astype("Int64"))


@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_parts_have_no_image_in_common(doubled, per_class, seed):
    sizes = {"train": 30, "test": 20} if per_class else {"train": 69, "test": 21}
    chosen = choose(doubled, settings("random", per_class, seed, fraction=1.0, **sizes))
    assert chosen.groupby("split").size().to_dict() == sizes
    assert not contents(chosen, "train") & contents(chosen, "test")
    assert list(chosen.columns) == list(doubled.columns)


def test_stratified_takes_as_many_from_every_level_of_difficulty(examples, hardness):
    """Nine strata of ten; without the hardest tenth, of the 81 that are left as well."""
    wanted = settings("score", keep="stratified", fraction=0.3, strata=9)
    chosen = hardness[sorted(ids(choose(examples, wanted, hardness)))]
    assert np.histogram(chosen, 9, (0, TRAIN - 1))[0].tolist() == [3] * 9
    fewer = settings("score", keep="stratified", fraction=0.3, strata=9, drop_hardest=0.1)
    chosen = hardness[sorted(ids(choose(examples, fewer, hardness)))]
    assert np.histogram(chosen, 9, (0, 80))[0].tolist() == [3] * 9
    assert len(ids(choose(examples, settings("score", keep="stratified", fraction=0.3), hardness))) == 27


def test_stratified_draws_by_the_seed_and_within_each_class(examples, hardness):
    wanted = settings("score", keep="stratified", fraction=0.2, per_class=True)
    chosen = choose(examples, wanted, hardness)
    assert chosen[chosen["split"] == "train"]["label"].value_counts().to_dict() == {0: 6, 1: 6, 2: 6}
    assert choose(examples, wanted, hardness).equals(chosen)
    assert ids(choose(examples, {**wanted, "seed": 1}, hardness)) != ids(chosen)
    assert not ids(choose(examples, {**wanted, "seed": 1}, hardness[30:])) & set(hardness.index[:30])  # have no score


def test_a_level_of_infinite_difficulty_is_an_error(examples, hardness):
    wanted = settings("score", keep="stratified", fraction=0.2, score="odd")
    with pytest.raises(UserError, match=r"^select\.score: 'odd' has infinite values"):
        choose(examples, wanted, hardness.replace(0, np.inf))


@pytest.mark.parametrize("per_class", [False, True])
def test_stratified_keeps_identical_images_together(doubled, hardness, per_class):
    """60 different images, 30 of them twice: of 30 chosen, none without its copy."""
    chosen = choose(doubled, settings("score", per_class, keep="stratified", fraction=0.5), hardness)
    found, rest = contents(chosen, "train"), doubled[~doubled["example_id"].isin(chosen["example_id"])]
    assert len(found) == 30 and not found & contents(rest, "train")


@pytest.mark.parametrize("seed", range(3))
def test_halves_have_no_image_in_common(doubled, hardness, seed):
    draws = np.random.default_rng(seed)
    hardness[:] = draws.random(len(hardness))
    ends = [choose(doubled, settings("score", keep=k, fraction=0.5), hardness) for k in ("easiest", "hardest")]
    assert not contents(ends[0], "train") & contents(ends[1], "train")
    assert all(43 <= len(ids(end)) <= 45 for end in ends)
    known = hardness > 0.6
    sides = [choose(doubled, settings("learned", keep=k, balance=False, experiment="x"), known) for k in SIDES]
    assert not contents(sides[0], "train") & contents(sides[1], "train")
    assert len(ids(sides[0]) | ids(sides[1])) == TRAIN


def test_a_test_part_that_leaves_no_other_images_is_an_error_with_its_place(examples):
    same = examples.assign(duplicate_of=examples["example_id"].where(examples.index < 0, 7).astype("Int64"))
    message = r"^select \(by random\): 0 examples, asked for 1 for training that differ from those for testing; raise"
    with pytest.raises(UserError, match=message):
        choose(same, settings("random", fraction=1.0, test=10))


def test_classes_are_numbered_anew_and_keep_their_order(examples):
    chosen = choose(examples, settings("class", classes=["cat", "ant"]))
    assert dict(zip(chosen["class_name"], chosen["label"], strict=True)) == {"ant": 0, "cat": 1}
    assert ids(chosen, "test") == set(examples["example_id"][TRAIN:][examples["class_name"] != "bee"])
    with pytest.raises(UserError, match="no class 'dog'; there are ant, bee, cat"):
        choose(examples, settings("class", classes=["dog"]))


def test_a_list_without_test_examples_leaves_the_test_split(examples):
    only = choose(examples, settings("list"), pd.Series(True, index=[8, 9]))
    assert ids(only) == {8, 9} and len(ids(only, "test")) == TEST
    both = choose(examples, settings("list"), pd.Series(True, index=[8, 7 + TRAIN]))
    assert ids(both) == {8} and ids(both, "test") == {7 + TRAIN}


def test_balance_cuts_both_sides_to_the_smaller_ones_size(examples, hardness):
    known = hardness > 60
    sides = {
        keep: choose(examples, settings("learned", keep=keep, balance=True, experiment="x"), known)
        for keep in ("learned", "not_learned")
    }
    assert [len(ids(side)) for side in sides.values()] == [29, 29]
    assert ids(sides["learned"]) == set(known.index[known]) and not ids(sides["not_learned"]) & set(known.index[known])


def test_too_few_examples_are_an_error_with_counts_and_remedy(examples, hardness):
    known = hardness < 80
    wanted = settings("learned", keep="not_learned", balance=False, experiment="short", train=15, test=5)
    message = r"10 examples, asked for 15 for training and 5 for testing \(learned 80, not learned 10\); train 'short'"
    with pytest.raises(UserError, match=message):
        choose(examples, wanted, known)
    with pytest.raises(UserError, match=r"train 'short' longer"):
        choose(examples, {**wanted, "select": {**wanted["select"], "keep": "learned"}, "train": 100}, known)
    with pytest.raises(UserError, match=r"no training example is chosen \(learned 90, not learned 0\)"):
        choose(examples, wanted, hardness < 1000)
    with pytest.raises(UserError, match=r"45 examples, asked for 60 for training; raise select\.fraction"):
        choose(examples, settings("random", fraction=0.5, train=60))
    uneven = examples[(examples["label"] > 0) | (examples["example_id"] < 20)]
    with pytest.raises(UserError, match="class 'ant' has 5 chosen examples, asked for 10"):
        choose(uneven, settings("random", fraction=1.0, per_class=True, train=30))


def test_hardness_is_the_mean_of_a_score_over_the_runs_in_its_direction():
    rows = pd.DataFrame(
        {
            "example_id": [1, 2, 1, 2, 3],
            "run": ["seed-0", "seed-0", "seed-1", "seed-1", "seed-1"],
            "role": ["train", "train", "train", "train", "test"],
            "aum": [1.0, 4.0, 3.0, 2.0, 9.0],
            "loss": [1.0, 4.0, 3.0, 2.0, 9.0],
        }
    )
    columns = {name: DYNAMICS[name] for name in ("aum", "loss")}
    assert mean_hardness(rows, columns, "aum").to_dict() == {1: -2.0, 2: -3.0}
    assert mean_hardness(rows, columns, "loss").to_dict() == {1: 2.0, 2: 3.0}
    with pytest.raises(UserError, match=r"'vog' does not rank"):
        mean_hardness(rows, columns, "vog")


def test_learned_after_an_epoch_that_is_recorded(tmp_path):
    values = dict.fromkeys(("probability", "margin", "loss", "el2n", "entropy", "feature_norm"), np.float32(0))
    facts = {"example_id": [4, 2, 9], "role": ["train", "train", "test"], "predicted": np.zeros(3, np.int32), **values}
    correct = [[False, True, False], [True, True, True]]
    frames = [pd.DataFrame({**facts, "epoch": np.int32(n), "correct": row}) for n, row in enumerate(correct, start=1)]
    write_records(frames, tmp_path / "records.parquet", 2, {})
    select = {"by": "learned", "experiment": "short", "runs": "all"}

    def found(**epoch):
        args = Namespace(evidence=[tmp_path / "records.parquet"], settings={"select": {**select, **epoch}})
        return evidence_of(args, pd.DataFrame()).to_dict()

    assert found(epoch=1) == {4: False, 2: True} and found() == {4: True, 2: True}
    with pytest.raises(UserError, match=r"select\.epoch: expected 1\.\.2 \(the recorded epochs of 'short'\), got 3"):
        found(epoch=3)


def test_learned_by_any_the_majority_or_all_runs_that_were_trained_on_the_example():
    runs = [
        pd.Series([True, True, False, False], index=[1, 2, 3, 4]),
        pd.Series([True, False, False, True], index=[1, 2, 3, 5]),
    ]
    rules = {rule: set(found.index[found]) for rule in ("all", "majority", "any") if len(found := learned(runs, rule))}
    assert rules == {"all": {1, 5}, "majority": {1, 5}, "any": {1, 2, 5}}


def dataset_paths(folder, prefix=""):
    return {f"{prefix}{name}": folder / f"{name}.parquet" for name in ("examples", "pixels", "files")}


@pytest.mark.parametrize("storage", ["memory", "files"])
def test_images_are_normalised_as_those_of_the_parent_wherever_they_are_stored(tmp_path, storage):
    parent, child = tmp_path / "digits", tmp_path / "part"
    run = {"code": "", "upstream": "", "log": None, "processes": 1}
    source = {"source": "digits", "limit": {"train": 60, "test": 10}, "storage": storage}
    prepare_dataset.main(Namespace(settings=source, images=parent / "images", **dataset_paths(parent), **run))
    subset = {**settings("random", fraction=0.5), "link": "hard"}
    options = {**dataset_paths(parent, "parent_"), **dataset_paths(child), "evidence": [], "runs": [], **run}
    link_subset.main(Namespace(settings=subset, images=child / "images", list=child / "chosen.csv", **options))
    assert load_normalization(child / "pixels.parquet") == load_normalization(parent / "pixels.parquet")
    _, images = open_images(child / "pixels.parquet")
    assert images[:].shape == (40, 8, 8, 1) and isinstance(images, ImageFiles) == (storage == "files")


WORDS = ["easy", "likely wrong label", "ambiguous"]


def verdicts(examples):
    train = examples["example_id"][:TRAIN]
    return pd.Series(np.array(WORDS)[np.arange(TRAIN) // 30], index=train, name="verdict")


def test_verdicts_keep_or_drop_examples(examples):
    found = verdicts(examples)
    assert ids(choose(examples, settings("verdict", keep=["easy"]), found)) == set(range(7, 37))
    assert ids(choose(examples, settings("verdict", drop=["likely wrong label"]), found)) == {
        *range(7, 37),
        *range(67, 97),
    }
    both = [choose(examples, settings("verdict", **{side: WORDS[1:]}), found) for side in ("keep", "drop")]
    assert ids(both[0]) | ids(both[1]) == set(found.index) and not ids(both[0]) & ids(both[1])
    assert ids(both[0], "test") == set(examples["example_id"][TRAIN:])
    with pytest.raises(UserError, match=r"^select \(by verdict\): no training example is chosen; name other verdicts$"):
        choose(examples, settings("verdict", keep=["typical"]), found)


def test_an_example_without_a_verdict_has_none_of_them(examples):
    found = verdicts(examples).iloc[10:]
    assert 7 in ids(choose(examples, settings("verdict", drop=WORDS[1:]), found))
    assert 7 not in ids(choose(examples, settings("verdict", keep=["easy"]), found))


def test_identical_images_share_the_verdict_of_most_of_them(examples):
    examples["duplicate_of"] = examples["duplicate_of"].mask(examples["example_id"].isin([40, 41, 90]), 8)
    found = verdicts(examples)  # of 8, 40, 41 and 90: easy, wrong, wrong, ambiguous
    same = {8, 40, 41, 90}
    for words, all_named in ((WORDS[1:2], False), (WORDS[1:], True)):
        kept, dropped = (
            ids(choose(examples, settings("verdict", **{side: words}), found)) for side in ("keep", "drop")
        )
        assert (same <= kept) == all_named and (same <= dropped) != all_named
        assert not kept & dropped and len(kept | dropped) == TRAIN


def test_truth_leaves_out_exactly_the_wrong_labels(examples):
    wrong = pd.Series(np.arange(TRAIN) % 10 == 0, index=examples["example_id"][:TRAIN], name="is_corrupt")
    assert ids(choose(examples, settings("truth"), wrong)) == {7 + place for place in range(TRAIN) if place % 10}


def test_as_many_as_another_subset_has(examples):
    others = pd.Series([0] * 12 + [2] * 5, index=range(17))
    drawn = choose(examples, settings("random", like="x"), others)
    assert len(ids(drawn)) == 17 and ids(drawn) != ids(choose(examples, settings("random", like="x", seed=1), others))
    of_each = choose(examples, settings("random", like="x", per_class=True), others)
    assert of_each.loc[of_each["split"] == "train", "label"].value_counts().to_dict() == {0: 12, 2: 5}
    with pytest.raises(UserError, match=r"90 examples, asked for 91 as select.like has; name a smaller data set$"):
        choose(examples, settings("random", like="x"), pd.Series([0] * 91))
