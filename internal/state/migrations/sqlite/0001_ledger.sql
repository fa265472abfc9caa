-- Times are unix nanoseconds (0: not known), hashes 16 bytes, lists JSON text.
-- Column types exist in SQLite and PostgreSQL alike, except blob (bytea there).

CREATE TABLE meta (
    key   text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE sources (
    name          text    NOT NULL PRIMARY KEY,
    fingerprint   text    NOT NULL,
    id_attribute  text    NOT NULL,
    directory     text    NOT NULL,
    last_complete bigint  NOT NULL,
    last_counted  bigint  NOT NULL,
    positions     text    NOT NULL,
    largest       text    NOT NULL,
    canaries      text    NOT NULL,
    adopted       integer NOT NULL
);

-- What every run reads of every principal, and nothing else: a run without a
-- change touches this table only.
CREATE TABLE principals (
    row       integer NOT NULL PRIMARY KEY,
    source    text    NOT NULL,
    id        text    NOT NULL,
    entry     blob    NOT NULL,
    state     integer NOT NULL,
    domain    text    NOT NULL,
    unsettled integer NOT NULL,
    unbound   integer NOT NULL,
    UNIQUE (source, id)
);
CREATE INDEX principals_unsettled ON principals (source, row) WHERE unsettled = 1;
CREATE INDEX principals_unbound ON principals (source, row) WHERE unbound = 1;

CREATE TABLE principal_facts (
    row              integer NOT NULL PRIMARY KEY REFERENCES principals (row) ON DELETE CASCADE,
    name             text    NOT NULL,
    label            text    NOT NULL,
    kind             integer NOT NULL,
    access           integer NOT NULL,
    mixed            integer NOT NULL,
    scheme           integer NOT NULL,
    account          text    NOT NULL,
    account_created  bigint  NOT NULL,
    account_name     text    NOT NULL,
    also             text    NOT NULL,
    addresses        blob    NOT NULL,
    same_person      blob    NOT NULL,
    dropped          text    NOT NULL,
    before_values    text    NOT NULL,
    miss_since       bigint  NOT NULL,
    miss_reads       integer NOT NULL,
    miss_elapsed     bigint  NOT NULL,
    miss_last        bigint  NOT NULL,
    miss_unconfirmed integer NOT NULL,
    held_entry       blob    NOT NULL,
    name_lacked_at   bigint  NOT NULL,
    created          bigint  NOT NULL,
    first_seen       bigint  NOT NULL,
    last_seen        bigint  NOT NULL,
    waiting          bigint  NOT NULL
);

-- Keys of names and addresses, of accounts too, in the server's folded form.
CREATE TABLE principal_keys (
    row integer NOT NULL REFERENCES principals (row) ON DELETE CASCADE,
    key blob    NOT NULL,
    PRIMARY KEY (row, key)
) WITHOUT ROWID;
CREATE INDEX principal_keys_key ON principal_keys (key);

-- Every account that belongs to a principal: Link and Also.
CREATE TABLE principal_accounts (
    row     integer NOT NULL REFERENCES principals (row) ON DELETE CASCADE,
    account text    NOT NULL,
    PRIMARY KEY (row, account)
) WITHOUT ROWID;
CREATE INDEX principal_accounts_account ON principal_accounts (account);

CREATE TABLE tombstones (
    key       blob   NOT NULL,
    source    text   NOT NULL,
    id        text   NOT NULL,
    account   text   NOT NULL,
    name      text   NOT NULL,
    since     bigint NOT NULL,
    PRIMARY KEY (key, source, id)
) WITHOUT ROWID;
CREATE INDEX tombstones_since ON tombstones (since);

-- Every account ID ever listed. last_listed is 0 while the account is in the
-- newest listing, so that a listing without changes writes nothing.
CREATE TABLE accounts (
    id                text    NOT NULL PRIMARY KEY,
    name              text    NOT NULL,
    kind              integer NOT NULL,
    created           bigint  NOT NULL,
    addresses         text    NOT NULL,
    addresses_unknown integer NOT NULL,
    suspended         integer NOT NULL,
    access            text    NOT NULL,
    used_bytes        bigint  NOT NULL,
    first_listed      bigint  NOT NULL,
    last_listed       bigint  NOT NULL,
    digest            blob    NOT NULL
) WITHOUT ROWID;

CREATE TABLE account_keys (
    account text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key     blob NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX account_keys_key ON account_keys (key);

CREATE TABLE runs (
    id          text    NOT NULL PRIMARY KEY,
    started     bigint  NOT NULL,
    finished    bigint  NOT NULL,
    trigger_by  text    NOT NULL,
    command     text    NOT NULL,
    config_hash text    NOT NULL,
    exit_code   integer NOT NULL,
    result      text    NOT NULL,
    error       text    NOT NULL
);
CREATE INDEX runs_started ON runs (started);

-- The write-ahead journal. outcome is empty from the intent to the outcome.
CREATE TABLE steps (
    id        integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    run       text    NOT NULL,
    seq       integer NOT NULL,
    phase     text    NOT NULL,
    kind      text    NOT NULL,
    source    text    NOT NULL,
    stable_id text    NOT NULL,
    account   text    NOT NULL,
    domain    text    NOT NULL,
    action    text    NOT NULL,
    before_values text NOT NULL,
    after_values  text NOT NULL,
    created   bigint  NOT NULL,
    finished  bigint  NOT NULL,
    outcome   text    NOT NULL,
    error     text    NOT NULL
);
CREATE INDEX steps_open ON steps (id) WHERE outcome = '';
CREATE INDEX steps_created ON steps (created);
CREATE INDEX steps_run ON steps (run, seq);

CREATE TABLE plans (
    hash    text   NOT NULL PRIMARY KEY,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    result  text   NOT NULL
);

CREATE TABLE approvals (
    id          integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    plan        text    NOT NULL,
    items       text    NOT NULL,
    rename_from text    NOT NULL,
    rename_to   text    NOT NULL,
    max_renames integer NOT NULL,
    created     bigint  NOT NULL
);

CREATE TABLE approval_persons (
    approval integer NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    person   text    NOT NULL,
    reason   text    NOT NULL,
    created  bigint  NOT NULL,
    expires  bigint  NOT NULL,
    PRIMARY KEY (approval, person)
);

CREATE TABLE protections (
    pattern text   NOT NULL PRIMARY KEY,
    person  text   NOT NULL,
    reason  text   NOT NULL,
    since   bigint NOT NULL
);
