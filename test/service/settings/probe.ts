/** Shows the effect of one field: starts something with a value that is not the default and looks at what changed. */
export type Probe = () => Promise<void>;

/** One probe for every field of `Settings`; a field without one does not compile. */
export type Probes<Settings> = { readonly [Field in keyof Settings]-?: Probe };
