-- +goose Up

-- path_key is the path with its parameters' names taken out, so that a/{x} and
-- a/{y} are the same path. A function is named, not referred to by id: its
-- webhooks outlive a deletion and work again when the name comes back.
CREATE TABLE webhooks (
    id             uuid PRIMARY KEY,
    tenant         text COLLATE "C" NOT NULL REFERENCES subtenants (id) ON DELETE CASCADE,
    path           text COLLATE "C" NOT NULL,
    path_key       text COLLATE "C" NOT NULL
                   GENERATED ALWAYS AS (regexp_replace(rtrim(path, '/'), '(^|/)\{[^/{}]*\}(?=/|$)', '\1{}', 'g')) STORED,
    first_segment  text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(path, '/', 1)) STORED,
    method         text COLLATE "C" NOT NULL,
    function_name  text COLLATE "C" NOT NULL,
    description    text,
    default_values json,
    requires_auth  boolean NOT NULL,
    input_mode     text NOT NULL,
    response_mode  text NOT NULL,
    is_active      boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT webhooks_method_path UNIQUE (tenant, path_key, method),
    CONSTRAINT webhooks_function FOREIGN KEY (tenant, function_name)
        REFERENCES functions (tenant, name) ON DELETE CASCADE
);

CREATE INDEX webhooks_by_path ON webhooks (tenant, path, method);
CREATE INDEX webhooks_by_function ON webhooks (tenant, function_name);

-- Who owns the first segment of public paths. released_at is set when the last
-- public webhook under it is gone; the segment stays reserved for its owner
-- for a while, so that a stranger can't take over what third parties still
-- call. That holds for a deleted subtenant too: hence no foreign key.
CREATE TABLE public_segments (
    segment     text COLLATE "C" PRIMARY KEY,
    tenant      text COLLATE "C" NOT NULL,
    released_at timestamptz
);

CREATE INDEX public_segments_by_tenant ON public_segments (tenant);

-- +goose Down
DROP TABLE public_segments;
DROP TABLE webhooks;
