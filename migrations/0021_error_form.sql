-- How a key's errors are written: as the object of the API's document, or as a text, for clients that print `error`.

ALTER TABLE api_keys
    ADD COLUMN error_form TEXT NOT NULL DEFAULT 'object' CHECK (error_form IN ('object', 'text'));
COMMENT ON COLUMN api_keys.error_form IS 'What `error` is in answers to this key: object, or text with the object beside it as error_detail.';
