import { expect, it } from 'vitest';
import { ShapeTree } from '../../../src/orm/sql/shape-tree.js';

it('makes a value once for each list of numbers and kind', () => {
  const tree = new ShapeTree<string>(100);
  const shapes: Array<[number[], number]> = [
    [[], 0],
    [[1], 0],
    [[1], 1],
    [[1, 2], 0],
    [[2, 1], 0],
    [[12], 0],
  ];
  for (const [numbers, kind] of shapes) tree.get(numbers, kind, () => `${numbers} of ${kind}`);
  const again = shapes.map(([numbers, kind]) => tree.get(numbers, kind, () => 'made twice'));
  expect(again).toEqual(shapes.map(([numbers, kind]) => `${numbers} of ${kind}`));
});

it('forgets all when it is full', () => {
  const tree = new ShapeTree<number>(2);
  let made = 0;
  const get = (number: number): number => tree.get([number], 0, () => ++made);
  expect([get(1), get(2), get(1), get(3), get(3), get(1)]).toEqual([1, 2, 1, 3, 3, 4]);
});
