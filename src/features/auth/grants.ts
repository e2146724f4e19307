const GRANT = /^(\*|[\w.-]{1,60}(:[\w.:-]{1,60}|:\*)?)$/;

/** Whether `text` can be a scope or a permission: `orders:read`, `orders:*`, `*`, or a bare word. */
export function isGrant(text: unknown): boolean {
  return typeof text === 'string' && GRANT.test(text);
}

/** Whether what was granted covers `required`: by name, by its resource (`orders:*`), or altogether (`*`). */
export function covers(granted: readonly string[], required: string): boolean {
  const [resource = ''] = required.split(':');
  return granted.includes(required) || granted.includes(`${resource}:*`) || granted.includes('*');
}
