import { KernelError } from '../../base/errors.js';

/** Thrown inside a task that its user has cancelled. */
export class TaskCancelled extends KernelError {
  constructor(readonly taskId: string) {
    super('E_TASK_CANCELLED', `Task ${taskId} cancelled by user`, { details: { taskId } });
  }
}
