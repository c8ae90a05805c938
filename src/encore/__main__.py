from encore.cli.main import main

main()
