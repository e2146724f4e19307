/** Words before a parenthesis that only compute. Any other function may be a stored one that writes, or nextval(). */
const PURE = new Set(
  (
    'all and any as between by case else exists from having in join like not on or over partition recursive row select some then ' +
    'union using values when where with ' +
    'abs avg bit_and bit_or bit_xor cast ceil ceiling char_length character_length coalesce concat concat_ws convert count ' +
    'current_timestamp date date_add date_format date_sub datediff day dayofmonth dayofweek dayofyear dense_rank elt extract field ' +
    'find_in_set first_value floor format from_unixtime greatest group_concat hex hour if ifnull instr interval json_array ' +
    'json_arrayagg json_contains json_extract json_keys json_length json_object json_objectagg json_quote json_type json_unquote ' +
    'json_valid json_value lag last_value lcase lead least left length lower lpad ltrim max mid min minute mod month now nullif ' +
    'position pow power quarter rank regexp_replace repeat replace reverse right round row_number rpad rtrim second sign sqrt std ' +
    'str_to_date strcmp subdate substr substring substring_index sum time timediff timestamp timestampadd timestampdiff trim ' +
    'truncate ucase unhex unix_timestamp upper utc_date utc_timestamp var_pop week weekday year yearweek'
  ).split(' '),
);

const READS = /^\s*(?:select|show|explain|describe|desc|values|with)\b/i;
const WRITES_OR_LOCKS =
  /\bfor\s+update\b|\block\s+in\s+share\b|\bfor\s+share\b|\binto\b|\bnext\s+value\b|\b(?:insert|update|delete)\b/i;
const CALLS = /([a-z_][a-z0-9_$]*)["`]?\s*\(/gi;

/**
 * Whether a hand-written statement surely changes nothing, so that it may run outside a transaction, on a replica, and again
 * after a lost connection. When in doubt it is taken for a write, which costs round trips.
 */
export function purposeOf(sql: string): 'read' | 'write' {
  if (!READS.test(sql) || WRITES_OR_LOCKS.test(sql)) return 'write';
  for (const [, name = ''] of sql.matchAll(CALLS)) if (!PURE.has(name.toLowerCase())) return 'write';
  return 'read';
}
