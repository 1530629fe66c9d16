//! Configuration, help and the doctor.

use crate::program::Program;

#[test]
fn the_printed_configuration_can_be_used_as_it_is() {
    let program = Program::new();
    let printed = program.run(&["configuration"]).well();
    program.write("accord.toml", &printed);
    program.run(&["--config", "accord.toml", "project", "list"]).well();
    assert!(
        program.path("accord-data/accord.db").is_file(),
        "where the configuration says"
    );
}

#[test]
fn misspelt_keys_are_named_with_their_place() {
    let program = Program::new();
    program.write("accord.toml", "[server]\nlisten = \"127.0.0.1:1\"\nworkerz = false\n");
    let list = &["--config", "accord.toml", "project", "list"];
    program
        .run(list)
        .complains_of(&["accord.toml", "server", "workerz", "`workers`"]);
    program.write("accord.toml", "[server\n");
    program.run(list).complains_of(&["accord.toml", "line 1"]);
    program
        .run(&["--config", "nowhere.toml", "project", "list"])
        .complains_of(&["nowhere.toml"]);
    let misspelt = &[("ACCORD__SERVER__LISTN", "127.0.0.1:1")];
    program
        .run_with(&["project", "list"], "", misspelt)
        .complains_of(&["environment", "server", "listn"]);
}

#[test]
fn no_password_of_the_database_is_printed() {
    let program = Program::new();
    let address = &[("ACCORD__DATABASE__URL", "postgres://accord:hunter2@127.0.0.1:1/accord")];
    std::thread::scope(|scope| {
        for arguments in [&["project", "list"][..], &["doctor"]] {
            let program = &program;
            scope.spawn(move || {
                let ended = program.run_with(arguments, "", address);
                assert_ne!(ended.code, Some(0));
                let told = format!("{}{}", ended.output, ended.complaint);
                assert!(
                    !told.contains("hunter2") && told.to_lowercase().contains("database"),
                    "{told}"
                );
            });
        }
    });
}

#[test]
fn every_command_explains_itself() {
    let program = Program::new();
    let overview = program.run(&["--help"]).well();
    let commands: Vec<&str> = overview
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() >= 14, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let help = program.run(&[command, "--help"]).well();
        assert!(help.contains("Usage: accord"), "{command}: {help}");
    }
}

#[test]
fn the_doctor_says_what_to_do() {
    let program = Program::with_project("receipt");
    let ill = program.run(&["doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(
        ill.output.contains("accord user create") && ill.output.contains("1 problem found"),
        "{}",
        ill.output
    );
    let create = &["user", "create", "ada", "--role", "administrator"];
    program.run_with(create, "a long enough password\n", &[]).well();
    let well = program.run(&["doctor"]).well();
    assert!(
        well.contains("project `bills`") && well.ends_with("nothing is wrong\n"),
        "{well}"
    );
    program.write(
        "accord.toml",
        "[providers.models]\nbase_url = \"https://models.example/v1\"\nkey_variable = \"MODELS_KEY\"\n",
    );
    let ill = program.run(&["--config", "accord.toml", "doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(ill.output.contains("MODELS_KEY"), "{}", ill.output);
}
