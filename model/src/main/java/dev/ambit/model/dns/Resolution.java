package dev.ambit.model.dns;

import dev.ambit.model.workload.Service;
import java.net.InetAddress;
import java.util.List;

/** What becomes of a question for addresses. */
public sealed interface Resolution {
  /** The mesh does not know the name: a name server outside is asked. */
  record Forward() implements Resolution {}

  /**
   * The mesh answers, be it with nothing: then the name exists, and nobody else is asked.
   *
   * @param stripped the name without the search domain the client's resolver had added, of which
   *     the queried one is an alias; "" when the queried one is the name
   * @param addresses of the family asked for, shuffled
   * @param supported whether the service has that family at all
   */
  record Answer(Service service, String stripped, List<InetAddress> addresses, boolean supported)
      implements Resolution {
    public Answer {
      addresses = List.copyOf(addresses);
    }
  }
}
