"""From facts to what people read.

Everything here is a pure function over files: no database, no clock but the one that is passed in.

    data/<stack>.jsonl -> load -> verdicts, words, causes, controls -> results.json -> page, junit, badge, headline, drift
"""
