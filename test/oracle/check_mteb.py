"""Results of `longembed bench` against the Python package mteb itself, by hand and offline:

    python test/oracle/check_mteb.py FOLDER       loads FOLDER/mteb (FOLDER is the output of a longembed bench) and shows what
                                                  mteb read; fails where mteb refuses a file or reads another score
    python test/oracle/check_mteb.py --fixture    writes test/fixtures/mteb.json: what mteb itself writes for scores it computed

Needs mteb 2.26.24 (pip install mteb==2.26.24), nothing else.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import mteb
from mteb import ResultCache, TaskResult
from mteb.models.model_meta import ModelMeta

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "mteb.json"
TASKS = {
    "passkey": "LEMBPasskeyRetrieval",
    "needle": "LEMBNeedleRetrieval",
    "narrativeqa": "LEMBNarrativeQARetrieval",
    "qmsum": "LEMBQMSumRetrieval",
    "summ_screen_fd": "LEMBSummScreenFDRetrieval",
    "2wikimqa": "LEMBWikimQARetrieval",
}


def check(folder):
    results = json.loads((folder / "results.json").read_text())
    scored = {
        (run["model"], settings(run), TASKS[task["task"]]): task for run in results["runs"] for task in run["tasks"]
    }
    with tempfile.TemporaryDirectory() as place:
        # mteb looks for models' folders in "results" of its cache.
        os.symlink((folder / "mteb").resolve(), os.path.join(place, "results"))
        cache = ResultCache(place)
        # the runs are experiments, which mteb leaves out unless it is asked for them
        paths = cache.get_cache_paths(include_remote=False, load_experiments="match_name")
        seen = set()
        for path in sorted(paths):
            seen.add(check_file(cache, path, scored, results))
        missing = set(scored) - seen
        if missing:
            sys.exit(f"mteb sees no file of {sorted(missing)}")
        loaded = cache.load_results(include_remote=False, load_experiments="match_name")
        print(loaded.to_dataframe().to_string())
        print(f"mteb {mteb.__version__} loaded {len(paths)} files of {len(loaded.model_results)} models; all scores agree")


def check_file(cache, path, scored, results):
    meta = ModelMeta.model_validate_json_resolved((path.parent / "model_meta.json").read_text())
    result = TaskResult.from_disk(path)
    assert cache.get_task_result_path(result.task_name, meta) == path, f"mteb looks elsewhere for {path}"
    known = {model.name: model.revision for model in mteb.get_model_metas()}
    if meta.name in known:
        assert meta.revision == known[meta.name], f"{path}: mteb's revision of {meta.name} is {known[meta.name]}"
    task = mteb.get_task(result.task_name)
    run = next(
        key
        for key in scored
        if key[1:] == (settings(meta.experiment_kwargs), result.task_name) and of_model(results, key[0], meta)
    )
    ours = scored[run]
    splits = {split["name"]: split["scores"][ours["mainMetric"]] for split in ours["splits"]}
    assert set(splits) <= set(task.metadata.eval_splits), f"{path}: mteb's splits are {task.metadata.eval_splits}"
    for split, score in splits.items():
        read = result.get_score(splits=[split])
        named = result.scores[split][0][task.metadata.main_score]
        assert abs(read - score) < 1e-5 and abs(named - score) < 1e-5, f"{path}, {split}: {read}, {named}, {score}"
    assert abs(result.main_score - ours["main"]) < 1e-5, f"{path}: {result.main_score}, {ours['main']}"
    is_published = result.dataset_revision == task.metadata.revision
    print(
        f"{meta.model_name_with_experiment}  {result.task_name}  {result.main_score:.5f}  {len(splits)} of {len(task.metadata.eval_splits)} splits  "
        f"{'the published data' if is_published else 'data of our own'}  mergeable: {result.is_mergeable(task)}"
    )
    return run


def settings(run):
    """What tells the runs of a model apart; the lexical baseline has none."""
    if run.get("vectors") == "lexical" or "extend" not in run:
        return None
    return tuple(run.get(key) for key in ("extend", "vectors", "aggregate", "hybrid"))


def of_model(results, model_id, meta):
    model = next(model for model in results["models"] if model["id"] == model_id)
    if not meta.loader_kwargs:
        return model["id"] == "bm25"
    return model["sha256"] == meta.loader_kwargs["sha256"] and model["file"] == meta.loader_kwargs["file"]


def fixture():
    from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores, make_score_dict

    ranks = (1, 3, 2, 1, 12)
    relevant = {f"q{i}": {f"d{i}": 1} for i in range(len(ranks))}
    ranking = {
        f"q{i}": {f"d{i}" if place == rank else f"x{place}": 1.0 - place / 100 for place in range(1, 21)}
        for i, rank in enumerate(ranks)
    }
    _, ndcg, _map, recall, precision, naucs, mrr, naucs_mrr, hit_rate = calculate_retrieval_scores(
        ranking, relevant, (1, 3, 5, 10, 20, 100, 1000)
    )
    scores = make_score_dict(
        ndcg=ndcg,
        _map=_map,
        recall=recall,
        precision=precision,
        mrr=mrr,
        naucs=naucs,
        naucs_mrr=naucs_mrr,
        hit_rate=hit_rate,
        task_scores={},
    )
    meta = ModelMeta(
        loader=None,
        name="intfloat/e5-base-v2",
        revision="1c644c92ad3ba1efdad3f1451a637716616a20e8",
        adapted_from="intfloat/e5-base-v2",
        experiment_kwargs={"engine": "longembed", "extend": "ntk:4k", "quantization": "F16", "file": "0" * 12},
        release_date=None,
        languages=None,
        n_parameters=109_000_000,
        memory_usage_mb=None,
        max_tokens=4096,
        embed_dim=768,
        license=None,
        open_weights=None,
        public_training_code=None,
        public_training_data=None,
        framework=["GGUF"],
        similarity_fn_name="cosine",
        use_instructions=True,
        training_datasets=None,
    )
    files = {}
    with tempfile.TemporaryDirectory() as place:
        cache = ResultCache(place)
        for name, splits in (("LEMBPasskeyRetrieval", ["test_256", "test_512"]), ("LEMBSummScreenFDRetrieval", ["validation"])):
            task = mteb.get_task(name)
            main = {"main_score": scores[task.metadata.main_score]}
            by_split = {split: {"default": {**scores, **main}} for split in splits}
            cache.save_to_cache(TaskResult.from_task_results(task, by_split, evaluation_time=1.5), meta)
        results = Path(place) / "results"
        for path in sorted(results.rglob("*.json")):
            files[path.relative_to(results).as_posix()] = without_nauc(json.loads(path.read_text()))
        for path in sorted(results.rglob("*.jsonl")):
            lines = [json.loads(line) for line in path.read_text().splitlines() if line]
            files[path.relative_to(results).as_posix()] = lines
    FIXTURE.write_text(json.dumps({"mteb": mteb.__version__, "ranks": ranks, "files": files}, indent=1) + "\n")
    print(f"wrote {FIXTURE}")


def without_nauc(content):
    """nAUC takes the scores of all candidates, which longembed does not keep."""
    if isinstance(content, list):
        return [without_nauc(item) for item in content]
    if not isinstance(content, dict):
        return content
    return {key: without_nauc(value) for key, value in content.items() if not key.startswith("nauc_")}


if __name__ == "__main__":
    if sys.argv[1:] == ["--fixture"]:
        fixture()
    elif len(sys.argv) == 2:
        check(Path(sys.argv[1]))
    else:
        sys.exit(__doc__)
