-- When the newest complete listing was made that lacked the account, before it
-- was listed for the first time; zero if none is known. Where the mail server
-- does not tell when an account was made, this proves that it is younger.
ALTER TABLE accounts ADD COLUMN lacked_at bigint NOT NULL DEFAULT 0;
