type LetterOrDigit =
  | 'a'
  | 'b'
  | 'c'
  | 'd'
  | 'e'
  | 'f'
  | 'g'
  | 'h'
  | 'i'
  | 'j'
  | 'k'
  | 'l'
  | 'm'
  | 'n'
  | 'o'
  | 'p'
  | 'q'
  | 'r'
  | 's'
  | 't'
  | 'u'
  | 'v'
  | 'w'
  | 'x'
  | 'y'
  | 'z'
  | '0'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | '_'
  | '$';

/** The leading name of a text: `id` of `id/items`. */
type LeadingName<Text extends string, Name extends string = ''> = Text extends `${infer Head}${infer Rest}`
  ? Lowercase<Head> extends LetterOrDigit
    ? LeadingName<Rest, `${Name}${Head}`>
    : Name
  : Name;

type NamesIn<Path extends string> = Path extends `${string}:${infer Rest}` ? LeadingName<Rest> | NamesIn<Rest> : never;

type WildcardsIn<Path extends string> = Path extends `${string}*${infer Rest}`
  ? LeadingName<Rest> | WildcardsIn<Rest>
  : never;

type ParamsOf<Path extends string> = Exclude<NamesIn<Path> | WildcardsIn<Path>, ''>;

type OptionalPart<Path extends string> = Path extends `${string}{${infer Inner}}${infer Rest}`
  ? `${Inner}/${OptionalPart<Rest>}`
  : '';

type RequiredPart<Path extends string> = Path extends `${infer Head}{${string}}${infer Rest}`
  ? `${Head}${RequiredPart<Rest>}`
  : Path;

/** The parameters of a path template: `/orders/:orderId{/:line}` gives `{ orderId: string; line?: string }`. */
export type PathParams<Path extends string> = string extends Path
  ? Record<string, string>
  : { [Name in ParamsOf<RequiredPart<Path>>]: string } & { [Name in ParamsOf<OptionalPart<Path>>]?: string };
