import type { RedisClient } from './redis-client.js';

type SendCommand = RedisClient['sendCommand'];

/**
 * ioredis hangs a failed command with all its arguments on the error, from where they get into logs: the password of
 * AUTH, the data of jobs. This leaves the command's name alone, for `client` and what is duplicated from it.
 */
export function hideArguments(client: RedisClient): RedisClient {
  const send: SendCommand = client.sendCommand.bind(client);
  const duplicate = client.duplicate.bind(client);
  const sendCommand = (...call: Parameters<SendCommand>): ReturnType<SendCommand> => {
    const [command] = call;
    const { reject } = command;
    // In place of a handler on its promise, which would cost every command two promises more.
    command.reject = (error) => {
      forgetArguments(error);
      reject(error);
    };
    return send(...call); // a cluster's says more than its type: which node
  };
  return Object.assign(client, {
    sendCommand,
    duplicate: (...options: Parameters<RedisClient['duplicate']>) => hideArguments(duplicate(...options)),
  });
}

function forgetArguments(error: unknown): void {
  const { command } = error as { command?: { name: string } };
  if (command) Object.assign(error as object, { command: { name: command.name } });
}
