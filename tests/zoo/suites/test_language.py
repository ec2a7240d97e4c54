"""Texts that were analysed, and what analyses them: spaCy, whose state holds pickles of its own."""

from __future__ import annotations

import spacy
from rows import Row, judge, main
from spacy.lookups import Lookups
from spacy.matcher import DependencyMatcher, Matcher, PhraseMatcher
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.vocab import Vocab

TEXT = "Apple is here. So am I."


def refused():
    return dict.fromkeys(("pickle", "dill", "cloudpickle"), "dump unserializable")


def pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Apple"}])
    return nlp


def analysed():
    return pipeline()(TEXT)


def same_docs(one, two):
    return one.to_json() == two.to_json() and one.to_bytes() == two.to_bytes()


def same_pipelines(one, two):
    return one.pipe_names == two.pipe_names and same_docs(one(TEXT), two(TEXT))


def same_tokens(one, two):
    return [t.text for t in one(TEXT)] == [t.text for t in two(TEXT)] and one.rules == two.rules


def same_strings(one, two):
    return sorted(one) == sorted(two)


def same_vocabularies(one, two):
    """Ask for the words: lexemes stay behind, and are made again when they are asked for."""

    def asked(found):
        return {text: (found[text].lower_, found[text].is_stop) for text in sorted(found.strings)}

    return asked(one) == asked(two)


def matcher():
    found = Matcher(spacy.blank("en").vocab)
    found.add("HERE", [[{"LOWER": "is"}, {"LOWER": {"IN": ["here", "there"]}}]])
    return found


def phrases():
    nlp = spacy.blank("en")
    found = PhraseMatcher(nlp.vocab, attr="LOWER")
    found.add("FIRM", [nlp("apple")])
    return found


def dependencies():
    found = DependencyMatcher(spacy.blank("en").vocab)
    found.add("ROOT", [[{"RIGHT_ID": "root", "RIGHT_ATTRS": {"DEP": "ROOT"}}]])
    return found


def finds(one, two):
    def spans(found):
        doc = spacy.blank("en")(TEXT)
        named = Doc(found.vocab, words=[token.text for token in doc])
        return [(found.vocab.strings[key], start, end) for key, start, end in found(named)]

    return spans(one) == spans(two) != []


def of_span():
    return analysed()[0:2].as_doc()


def annotated():
    doc = spacy.blank("en")(TEXT)
    doc.ents = [Span(doc, 0, 1, label="ORG")]
    doc.user_data["source"] = {"page": 3}
    return doc


def tables():
    found = Lookups()
    found.add_table("lemma", {"am": "be", "is": "be"})
    return found


ROWS = [
    Row("spacy", "blank pipeline", lambda: spacy.blank("en"), same_pipelines),
    Row("spacy", "blank pipeline of another language", lambda: spacy.blank("de"), same_pipelines),
    Row("spacy", "pipeline with rules", pipeline, same_pipelines),
    Row(
        "spacy",
        "rule component",
        lambda: pipeline().get_pipe("entity_ruler"),
        lambda a, b: a.patterns == b.patterns and a.labels == b.labels,
    ),
    Row(
        "spacy",
        "sentence component",
        lambda: pipeline().get_pipe("sentencizer"),
        lambda a, b: a.punct_chars == b.punct_chars,
    ),
    Row("spacy", "tokenizer", lambda: spacy.blank("en").tokenizer, same_tokens),
    Row("spacy", "document", analysed, same_docs, there="obj.ents[0].label_ == 'ORG'"),
    Row(
        "spacy",
        "annotated document",
        annotated,
        lambda a, b: same_docs(a, b) and a.user_data == b.user_data,
        there="obj.user_data['source'] == {'page': 3}",
    ),
    Row(
        "spacy",
        "documents in a dict",
        lambda: {"a": [analysed()]},
        lambda a, b: same_docs(a["a"][0], b["a"][0]),
    ),
    Row("spacy", "span", lambda: analysed()[0:2], fails=refused()),
    Row("spacy", "token", lambda: analysed()[0], fails=refused()),
    Row("spacy", "lexeme", lambda: spacy.blank("en").vocab["Apple"], fails=refused()),
    Row("spacy", "document of a span", of_span, same_docs),
    Row("spacy", "vocabulary", lambda: pipeline().vocab, same_vocabularies),
    Row("spacy", "own vocabulary", lambda: Vocab(strings=["a", "b"]), same_vocabularies),
    Row("spacy", "strings", lambda: spacy.blank("en").vocab.strings, same_strings),
    Row("spacy", "matcher", matcher, finds),
    Row("spacy", "matcher of phrases", phrases, lambda a, b: len(a) == len(b) == 1 and "FIRM" in b),
    Row("spacy", "matcher of trees", dependencies, lambda a, b: len(a) == len(b) == 1),
    Row(
        "spacy",
        "documents in bytes",
        lambda: DocBin(docs=[analysed()]),
        lambda a, b: a.to_bytes() == b.to_bytes(),
    ),
    Row(
        "spacy",
        "example",
        lambda: Example(analysed(), analysed()),
        lambda a, b: a.to_dict() == b.to_dict(),
    ),
    Row(
        "spacy",
        "tables",
        tables,
        lambda a, b: a.tables == b.tables and a.to_bytes() == b.to_bytes(),
    ),
    Row(
        "spacy",
        "vectors",
        lambda: spacy.blank("en").vocab.vectors,
        lambda a, b: a.to_bytes() == b.to_bytes(),
    ),
]


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
