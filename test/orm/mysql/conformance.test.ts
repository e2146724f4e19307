import { describeConformance } from '../conformance.js';

describeConformance('mysql');
