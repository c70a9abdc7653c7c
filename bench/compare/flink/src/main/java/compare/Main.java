package compare;

import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Scanner;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * Carries out statements on a cluster in this process: all but the last at once, the last one, which goes on until the process is ended, when it is told GO.
 * Arguments: file of statements with empty lines between them, folder for state, state backend, port.
 */
public final class Main {
  public static void main(String[] args) {
    try {
      run(Path.of(args[0]), args[1], args[2], args[3]);
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1); // threads of the cluster would keep the process
    }
  }

  private static void run(Path file, String dir, String backend, String port) throws Exception {
    List<String> statements = List.of(Files.readString(file).strip().split("\n\n"));
    int slots = Runtime.getRuntime().availableProcessors();
    Configuration config = config(dir, backend, port, slots);
    MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(config).setNumTaskManagers(1).setNumSlotsPerTaskManager(slots).build());
    cluster.start();
    URI rest = cluster.getRestAddress().get();
    StreamTableEnvironment tables = StreamTableEnvironment.create(StreamExecutionEnvironment.createRemoteEnvironment(rest.getHost(), rest.getPort(), config));
    tables.getConfig().set("table.local-time-zone", "UTC");
    tables.getConfig().set("table.exec.mini-batch.enabled", "true");
    tables.getConfig().set("table.exec.mini-batch.allow-latency", "100 ms");
    tables.getConfig().set("table.exec.mini-batch.size", "50000");
    String last = statements.get(statements.size() - 1);
    for (String s : statements.subList(0, statements.size() - 1)) tables.executeSql(s);
    System.out.println("READY");
    new Scanner(System.in).nextLine(); // GO
    tables.executeSql(last).await();
    throw new IllegalStateException("the job has ended");
  }

  private static Configuration config(String dir, String backend, String port, int slots) {
    Configuration c = new Configuration();
    c.setString("rest.address", "127.0.0.1");
    c.setString("rest.bind-address", "127.0.0.1");
    c.setString("rest.port", port);
    c.setString("parallelism.default", String.valueOf(slots));
    c.setString("taskmanager.numberOfTaskSlots", String.valueOf(slots));
    c.setString("taskmanager.memory.managed.size", backend.equals("rocksdb") ? "512m" : "64m"); // RocksDB's own; nothing else uses it
    c.setString("taskmanager.memory.network.max", "64m");
    c.setString("io.tmp.dirs", dir);
    c.setString("state.backend.type", backend);
    c.setString("execution.checkpointing.incremental", "true");
    c.setString("execution.checkpointing.storage", "filesystem");
    c.setString("execution.checkpointing.dir", new File(dir, "checkpoints").toURI().toString());
    c.setString("execution.checkpointing.interval", "1s");
    c.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    c.setString("pipeline.object-reuse", "true");
    c.setString("restart-strategy.type", "none");
    return c;
  }

  private Main() {}
}
