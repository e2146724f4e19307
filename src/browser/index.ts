export { type Action, type ActionLogOptions, actionLog } from './action-log.js';
