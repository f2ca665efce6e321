"""Families that this engine does not have, each with its reason."""

from __future__ import annotations

from mini_tb.sql.functions.function import unsupported

ROWS = (
    *unsupported(
        "read the part by its function: `length`, `isNull`, `mapKeys`, `tupleElement`",
        "getSubcolumn",
    ),
    *unsupported(
        "values are not encrypted here",
        "encrypt",
        "decrypt",
        "tryDecrypt",
        "aes_encrypt_mysql",
        "aes_decrypt_mysql",
    ),
    *unsupported(
        "there is no dictionary here; join the data source instead",
        "dictGet",
        "dictGetAll",
        "dictGetChildren",
        "dictGetDescendants",
        "dictGetHierarchy",
        "dictGetOrDefault",
        "dictGetOrNull",
        "dictHas",
        "dictIsIn",
    ),
    *unsupported(
        "there is no Join table here; join the data source instead", "joinGet", "joinGetOrNull"
    ),
    *unsupported(
        "hashes of shingles and n-grams are not computed here",
        *(
            f"{kind}{what}{suffix}"
            for kind in ("ngram", "wordShingle")
            for what in ("SimHash", "MinHash", "MinHashArg")
            for suffix in ("", "CaseInsensitive", "UTF8", "CaseInsensitiveUTF8")
        ),
    ),
    *unsupported(
        "models are not called from queries here",
        "catboostEvaluate",
        "naiveBayesClassifier",
        "detectCharset",
        "detectLanguage",
        "detectLanguageMixed",
        "detectLanguageUnknown",
        "detectProgrammingLanguage",
        "detectTonality",
    ),
)
