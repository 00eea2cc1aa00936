-- What the reader's role may not even read: hashes and sealed secrets that sign-in and webhooks compare with. A column whose
-- comment starts with "secret" is left out of what grants.sql gives the reader; whatever needs one asks as the program.

comment on column app_user.password_hash is 'secret: Argon2id in PHC format; null: cannot sign in with a password';
comment on column refresh_token.hash is 'secret: sha256 of the token';
comment on column second_factor.secret is 'secret: what the person''s app shares with us, sealed with a key that is not in the database';
comment on column recovery_code.hash is 'secret: sha256 of the code';
comment on column password_reset.hash is 'secret: sha256 of the token';
comment on column api_token.hash is 'secret: sha256 of the token';
comment on column idempotency_key.body_hash is 'secret: keyed hash of a body, which may hold a password';
comment on column webhook.secret is 'secret: what both sides sign with, sealed with a key that is not in the database';
comment on column webhook.previous_secret is 'secret: the one before, while both sign';
