"""Every sentence about an attack, by code: English templates, as in `reasons`."""

SENTENCES: dict[str, str] = {
    # What a column gives away (the file fails, or an officer is warned).
    "hash_restored": (
        "Column “%(column)s” is %(algorithm)s of %(kind)s numbers without a secret key: who tries all numbers gets "
        "them back (%(found)s found among %(values)s tried). Replace them by random surrogates."
    ),
    "salted_hash_restored": (
        "Column “%(column)s” is %(algorithm)s of %(kind)s numbers with a salt that is easily guessed: who tries all "
        "numbers gets them back (%(found)s found among %(values)s tried). Replace them by random surrogates."
    ),
    "encoding_restored": (
        "Column “%(column)s” holds %(kind)s numbers or names, only written differently (%(method)s): anybody can "
        "write them back."
    ),
    "encoded_text": (
        "Column “%(column)s” is readable text, only written differently (%(method)s): write it back and have it "
        "checked."
    ),
    "offset_restored": (
        "Column “%(column)s” looks like %(kind)s numbers to which one constant was added: who knows one of them "
        "gets all back."
    ),
    "mask_restored": (
        "What is masked in column “%(column)s” stands in column “%(other)s”: together they look like %(kind)s numbers."
    ),
    "mask_too_thin": (
        "Column “%(column)s” masks so little that only %(possible)s numbers are possible for each value."
    ),
    "parts_restored": "Columns “%(column)s” and “%(other)s” put together are %(kind)s numbers.",
    "keyed_or_unknown": (
        "Column “%(column)s” holds digests or tokens that %(tried)s guesses did not restore. That proves nothing: "
        "who made them must declare that no key or table is kept with which they can be restored."
    ),
    # What the simulated attacks came to.
    "singled_out": (
        "Who knows %(columns)s of a person finds %(isolated)s of %(subjects)s people alone; %(successes)s of "
        "%(queries)s questions of at most four columns singled somebody out."
    ),
    "singled_out_any": (
        "Who knows other columns too (such as %(columns)s) finds %(isolated)s of %(subjects)s people alone."
    ),
    "linkage": (
        "Of %(sample)s people of whom an adversary knows %(columns)s, %(found)s are matched with one record each, "
        "and rightly; guessing within groups, one is right for %(percent)s %% of all people."
    ),
    "linkage_noise": (
        "Where one in ten of the facts that the adversary knows is wrong, %(found)s of %(sample)s people are still "
        "matched with their own record, and %(wrong)s with another's."
    ),
    "inference": (
        "Who knows %(columns)s guesses “%(column)s” right for %(percent)s %% of people; without them it would be "
        "%(base)s %%."
    ),
    "homogeneity": (
        "For %(found)s of %(subjects)s people everybody who looks alike in %(columns)s has the same “%(column)s”: "
        "it is known without finding the person."
    ),
}
