/** Decorators without a compiler: what `tsc` would have made of `@decorator class …`. */
export function decorate(target, ...decorators) {
  for (const decorator of decorators.toReversed()) decorator(target);
}

export function decorateMethod(target, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators.toReversed()) decorator(target.prototype, name, descriptor);
}

export function decorateParameter(target, name, index, decorator) {
  decorator(target.prototype, name, index);
}

/** The types of a constructor's parameters, which Nest injects by. */
export function declareParameters(target, ...types) {
  Reflect.defineMetadata('design:paramtypes', types, target);
}
