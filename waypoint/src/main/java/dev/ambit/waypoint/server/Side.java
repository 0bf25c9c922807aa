package dev.ambit.waypoint.server;

/** What every request of one connection has in common. */
record Side(Caller caller, HttpService service, FrontSettings settings) {}
