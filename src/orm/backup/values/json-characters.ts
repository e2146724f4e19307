/** Characters that JSON is made of, by their codes. */
export const QUOTE = 34;
export const COMMA = 44;
export const MINUS = 45;
export const POINT = 46;
export const ZERO = 48;
export const NINE = 57;
export const COLON = 58;
export const OPEN_LIST = 91;
export const BACKSLASH = 92;
export const CLOSE_LIST = 93;
export const OPEN_OBJECT = 123;
export const CLOSE_OBJECT = 125;
export const SPACE = 32;
export const BEYOND_ASCII = 0x80;
export const BEYOND_BYTES = 0x100;

/** A double holds so many digits, whatever they are. */
export const EXACT_DIGITS = 15;

/** With more, JavaScript may write an exponent. */
export const PLACES_WITHOUT_EXPONENT = 6;

/** More members are sorted faster in other ways than by putting each in its place. */
export const MOST_UNSORTED = 64;

/** Documents that are nested deeper are read in another way. */
export const MAX_DEPTH = 64;
