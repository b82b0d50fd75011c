export { printable } from '../protocol/printable.ts';
