/** Stripe's form encoding, `a[b][0]=c`, as an object. */
export type Params = { [name: string]: Params | string };

export function parseParams(text: string): Params {
  const params: Params = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.replaceAll(']', '').split('[');
    const last = path.pop() as string;
    let at = params;
    for (const step of path) {
      const group = groupOf(at[step]);
      at[step] = group;
      at = group;
    }
    at[last] = value;
  }
  return params;
}

export function textOf(value: Params | string | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function groupOf(value: Params | string | undefined): Params {
  return typeof value === 'object' ? value : Object.create(null);
}

export function metadataOf(params: Params): Record<string, string> {
  return Object.fromEntries(Object.entries(groupOf(params.metadata)).map(([key, value]) => [key, String(value)]));
}
