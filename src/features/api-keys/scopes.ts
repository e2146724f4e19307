const SCOPE = /^(\*|[\w.-]{1,60}(:[\w.:-]{1,60}|:\*)?)$/;

/** `orders:read`, `orders:*`, `*`, or a bare word. */
export function isScope(scope: unknown): boolean {
  return typeof scope === 'string' && SCOPE.test(scope);
}

/** Whether what was granted covers `required`: by name, by its resource (`orders:*`), or altogether (`*`). */
export function covers(granted: readonly string[], required: string): boolean {
  const [resource = ''] = required.split(':');
  return granted.includes(required) || granted.includes(`${resource}:*`) || granted.includes('*');
}
