/** Functions that only compute. Any other one may write, like nextval(). */
const PURE = new Set(
  'abs array_agg avg by cast ceil char_length coalesce concat concat_ws count date_part date_trunc exists extract floor greatest group in json_agg json_build_object jsonb_agg jsonb_array_length jsonb_build_object jsonb_extract_path jsonb_extract_path_text least left length lower ltrim max min mod not now nullif octet_length on or and over partition position replace reverse right round row_number rtrim select split_part string_agg strpos substr substring sum to_char trim unnest upper using values when where'.split(
    ' ',
  ),
);

const READS = /^\s*(select|values|table|show)\b/i;
const WRITES = /\b(insert|update|delete|merge|into)\b/i;
const CALLS = /([a-z_][a-z0-9_$]*)"?\s*\(/gi;

/**
 * Whether a hand-written statement surely changes nothing, so that it may run outside a transaction and again after a
 * lost connection. When in doubt it is taken for a write, which costs a round trip.
 */
export function purposeOf(sql: string): 'read' | 'write' {
  if (!READS.test(sql) || WRITES.test(sql)) return 'write';
  for (const [, name = ''] of sql.matchAll(CALLS)) if (!PURE.has(name.toLowerCase())) return 'write';
  return 'read';
}
