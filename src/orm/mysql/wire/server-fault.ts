/** An error that the server reports, by the server's own number for it. */
export function readFault(data: Buffer, start: number, end: number): Error {
  const hasState = data[start + 3] === '#'.charCodeAt(0);
  const fault = new Error(data.toString('utf8', start + (hasState ? 9 : 3), end));
  fault.name = 'MysqlError';
  const sqlState = hasState ? data.toString('latin1', start + 4, start + 9) : '';
  return Object.assign(fault, { errno: data.readUInt16LE(start + 1), sqlState });
}
