"""mteb's own client against `longembed serve`, by hand and offline: QMSum, scored by mteb.

    longembed serve --model mini-rope --as raw --port 8080 &
    python test/oracle/check_mteb_server.py http://127.0.0.1:8080 mini-rope FOLDER

FOLDER has LongEmbed's qmsum as corpus.jsonl, queries.jsonl and qrels.jsonl. Takes the packages mteb and torch. The score must be that
of `longembed bench --tasks qmsum` with the same strategy, to 1e-4.
"""

import json
import sys
from pathlib import Path

import mteb
from mteb.models.openai_wrappers import OpenAIAPIEncodeWrapper
from mteb.tasks.retrieval.eng.lembqm_sum_retrieval import LEMBQMSumRetrieval


class LocalQmsum(LEMBQMSumRetrieval):
    """The task, from files instead of the hub."""

    folder: Path

    def load_data(self, num_proc=None, **kwargs):
        if self.data_loaded:
            return

        def rows(name):
            with open(self.folder / f"{name}.jsonl", encoding="utf-8") as lines:
                return [json.loads(line) for line in lines]

        self.corpus = {"test": {row["doc_id"]: {"text": row["text"]} for row in rows("corpus")}}
        self.queries = {"test": {row["qid"]: row["text"] for row in rows("queries")}}
        self.relevant_docs = {"test": {row["qid"]: {row["doc_id"]: 1} for row in rows("qrels")}}
        self.data_loaded = True


def main(url, name, folder):
    task = LocalQmsum()
    task.folder = Path(folder)
    model = OpenAIAPIEncodeWrapper(
        endpoint_url=url, model_name=name, use_chat_template=False, modalities=["text"], timeout=3600
    )
    result = mteb.evaluate(model, task, cache=None, encode_kwargs={"batch_size": 8})
    scores = result.task_results[0].scores["test"][0]
    print(f"mteb {mteb.__version__}: nDCG@10 {scores['ndcg_at_10']:.6f}, main score {scores['main_score']:.6f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
